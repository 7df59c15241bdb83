"""The only rooms that know Palette's words: client, wire types, rate limit, discovery."""
