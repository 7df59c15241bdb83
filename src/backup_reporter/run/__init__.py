"""The steps of a run: plan, check each workspace, publish, deliver."""
