"""The road as one object: it hands values from stage to stage and keeps each step in one transaction."""

from connector.pipeline.access import Access, SignedIn, TurnedAway
from connector.pipeline.answering import Answering
from connector.pipeline.asking import Asking
from connector.pipeline.decide import DecideTally, Deciding
from connector.pipeline.judge import Disposition, Judged
from connector.pipeline.learning import BroughtVerdict, Learning
from connector.pipeline.people import People
from connector.pipeline.pipeline import Pipeline, Round
from connector.pipeline.posting import BoardWay, MailWay, Posting, Way
from connector.pipeline.state import MIGRATIONS, prepare

__all__ = [
    "MIGRATIONS", "Access", "Answering", "Asking", "BoardWay", "BroughtVerdict", "DecideTally", "Deciding", "Disposition",
    "Judged", "Learning", "MailWay", "People", "Pipeline", "Posting", "Round", "SignedIn", "TurnedAway", "Way",
    "prepare",
]
