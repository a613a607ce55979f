"""Everything that touches a reference to a picture: resolve, fetch, check, decode."""
