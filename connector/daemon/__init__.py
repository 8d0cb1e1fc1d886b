"""The long-running service: the state folder and its lock, the ticks, the signals. Is handed its adapters."""

from connector.daemon.assembly import Surroundings, assemble, searches_in, wanted_by
from connector.daemon.daemon import Daemon
from connector.daemon.heads import append_head, journal_key, kept_heads
from connector.daemon.lock import only_daemon, prepare_folder
from connector.daemon.tokens import TokenFile

__all__ = [
    "Daemon", "Surroundings", "TokenFile", "append_head", "assemble", "journal_key", "kept_heads", "only_daemon",
    "prepare_folder", "searches_in", "wanted_by",
]
