"""Settings: one frozen tree."""

from causalrec.config.load import load_settings, written_path
from causalrec.config.settings import Settings

__all__ = ["Settings", "load_settings", "written_path"]
