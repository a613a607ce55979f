"""Where jobs leave what other jobs read: a folder, or an object store that every machine reaches."""

from causalrec.store.checkout import checked_out
from causalrec.store.copies import download, upload
from causalrec.store.location import S3, Location

__all__ = ["S3", "Location", "checked_out", "download", "upload"]
