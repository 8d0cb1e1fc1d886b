"""connector.yaml and the secrets beside it. Owns their form; knows no adapter and no policy."""

from connector.settings.loader import BLOCK_NAME, DEFAULT_FILE, load_settings
from connector.settings.secrets import NamedSecrets
from connector.settings.settings import (
    NONE_CHOSEN,
    ApprovalSettings,
    Chosen,
    ConnectionSettings,
    EmbeddingSettings,
    HooksSettings,
    ModelSettings,
    OutsideSettings,
    Privacy,
    Settings,
    SlackAsking,
    WebSettings,
)

__all__ = [
    "BLOCK_NAME",
    "DEFAULT_FILE",
    "NONE_CHOSEN",
    "ApprovalSettings",
    "Chosen",
    "ConnectionSettings",
    "EmbeddingSettings",
    "HooksSettings",
    "ModelSettings",
    "NamedSecrets",
    "OutsideSettings",
    "Privacy",
    "Settings",
    "SlackAsking",
    "WebSettings",
    "load_settings",
]
