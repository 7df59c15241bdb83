"""The fleets that the look-alike can serve: an instructive one, and one of any size."""

from backup_reporter.demo.documents import Failure, Fleet
from backup_reporter.demo.instructive import instructive
from backup_reporter.demo.synthetic import synthetic

__all__ = ["Failure", "Fleet", "instructive", "synthetic"]
