"""connector.yaml and the secrets beside it. Owns their form; knows no adapter and no policy."""

from connector.settings.loader import DEFAULT_FILE, load_settings
from connector.settings.secrets import NamedSecrets
from connector.settings.settings import (
    ConnectionSettings,
    EmbeddingSettings,
    HooksSettings,
    ModelSettings,
    OutsideSettings,
    Privacy,
    Settings,
    WebSettings,
)

__all__ = [
    "DEFAULT_FILE",
    "ConnectionSettings",
    "EmbeddingSettings",
    "HooksSettings",
    "ModelSettings",
    "NamedSecrets",
    "OutsideSettings",
    "Privacy",
    "Settings",
    "WebSettings",
    "load_settings",
]
