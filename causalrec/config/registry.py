"""MLflow."""

from pydantic import Field

from causalrec.config.section import FolderOrUri, Section


class RegistrySettings(Section):
    """MLflow. Empty URIs mean SQLite and a folder inside the store of ``paths``."""

    tracking_uri: FolderOrUri = Field("", description="address of MLflow; empty: SQLite in paths.store")
    retries: int = Field(3, ge=0, le=10, description="repetitions of a request to MLflow")
    artifact_root: FolderOrUri = Field("", description="where MLflow keeps artifacts; empty: in paths.store")
    model_name: str = Field("causalrec", description="name of the registered model, and of its experiment")
    page_url: str = Field("", description="address of MLflow's pages, for links; empty: none")
