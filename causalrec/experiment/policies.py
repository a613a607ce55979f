"""What the lists of an arm are called where a shop logs which list it showed."""

from causalrec.config.experiment import CONTROL, ExperimentSettings

MARK = "causalrec"  # what chose a place by taste, whichever arm


def policy_of(settings: ExperimentSettings, arm: str) -> str:
    """What rows chosen by taste have as ``policy`` in ``arm``; the shop copies it into its impressions."""
    return f"{MARK}:{settings.name}:{arm}"


def policies(settings: ExperimentSettings) -> dict[str, str]:
    """Policy -> arm, the control first."""
    return {policy_of(settings, arm): arm for arm in (CONTROL, *settings.shares)}
