"""The stages of a night and the command line; at the top of a checkout, inside causalrec in the wheel."""

import sys

# Its modules import one another as jobs.NAME under either name.
sys.modules.setdefault("jobs", sys.modules[__name__])
