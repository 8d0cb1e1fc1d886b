"""The score of a lead with no model: what this organisation's own leads teach, else the team's scorecard, else nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.decision.agents.lead_options import HIGHEST, LeadOptions, ScoreLine
from connector.decision.decision import Question
from connector.decision.facts import facts_of
from connector.decision.learner import Cells, NotLearned, OutcomeLearner
from connector.policy import EvaluationFailed, Matched

TOLD = 3  # columns named as reasons
NOTEWORTHY = 0.01  # a column that moves the chance by less is not a reason
NEAR = 10  # points by which a score may be off and still be called right
_SPEAK_FOR_ONE = 10  # of so many settled leads, one speaks for a single lead: as many are spent on the columns


@dataclass(slots=True, kw_only=True)
class LeadScore:
    """A score from 0 to 100 with its reasons. `chance` is None where only the scorecard spoke, which is certain."""

    points: float
    chance: float | None = None
    settled: int = 0
    learner: str = ""
    reasons: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    stale: bool = False

    @property
    def score(self) -> int:
        return round(min(float(HIGHEST), max(0.0, self.points)))

    def sure(self, low: float, high: float) -> float:
        """How likely the true score lies from `low` up to `high`, given how many settled leads stand behind it."""
        if self.chance is None:
            return 1.0
        shift = self.points - HIGHEST * self.chance
        certain = _between(self.chance, self.settled, (low - shift) / HIGHEST, (high - shift) / HIGHEST)
        return min(certain, 0.5) if self.stale else certain

    @property
    def sure_of_score(self) -> float:
        return self.sure(self.score - NEAR, self.score + NEAR)


@dataclass(frozen=True, slots=True)
class NoScore:
    """Why neither the history nor the scorecard says anything."""

    missing: tuple[str, ...]
    why: str


def learned_scores(
    learner: OutcomeLearner | NotLearned, rows: Sequence[Mapping[str, str]]
) -> Sequence[LeadScore | NoScore]:
    """Scores from how earlier leads ended, each with the columns that moved it; the whole batch is asked at once."""
    if isinstance(learner, NotLearned):
        unlearned = NoScore(missing=(f"leads with an outcome: {learner}",), why="too few leads have ended to learn from")
        return [unlearned] * len(rows)
    if learner.abstains:
        why = f"how {learner.settled} earlier leads ended cannot be told from what was known of them: no signal"
        return [NoScore(missing=("columns that tell leads apart when they come in", *learner.refused), why=why)] * len(rows)
    chances, without = _asked(learner, rows)
    return [_learned(learner, row, chances[place], without[place]) for place, row in enumerate(rows)]


def _asked(
    learner: OutcomeLearner, rows: Sequence[Mapping[str, str]]
) -> tuple[Sequence[float], Sequence[Mapping[str, float]]]:
    """The chance of every row, and its chance had one of its filled cells been empty."""
    asked: list[Mapping[str, str]] = list(rows)
    places: list[tuple[int, str]] = []
    for place, row in enumerate(rows):
        for name in learner.columns:
            if row.get(name):
                asked.append({**row, name: ""})
                places.append((place, name))
    cells: Cells = {name: [row.get(name, "") for row in asked] for name in learner.columns}
    chances = learner.chances(cells, len(asked))
    without: list[dict[str, float]] = [{} for _ in rows]
    for (place, name), chance in zip(places, chances[len(rows) :], strict=True):
        without[place][name] = chance
    return chances[: len(rows)], without


def _learned(
    learner: OutcomeLearner, row: Mapping[str, str], chance: float, without: Mapping[str, float]
) -> LeadScore:
    score = LeadScore(
        points=HIGHEST * chance, chance=chance, settled=learner.settled, learner=learner.version, stale=learner.stale
    )
    moved = sorted(((chance - other, name) for name, other in without.items()), key=lambda one: -abs(one[0]))
    for by, name in [one for one in moved if abs(one[0]) >= NOTEWORTHY][:TOLD]:
        score.reasons.append(f"{name} “{row[name]}” {'raises' if by > 0 else 'lowers'} it by {abs(by) * HIGHEST:.0f}")
        score.columns.append(name)
    score.reasons.append(f"learned from {learner.settled} leads that ended, of which {learner.usual:.0%} were won")
    if absent := [name for name in learner.columns if not row.get(name)]:
        score.reasons.append(f"absent: {', '.join(absent)}")
    if learner.stale:
        score.doubts.append("the score is stale: the newest leads ended otherwise than earlier ones led to expect")
    return score


def by_scorecard(question: Question, options: LeadOptions) -> LeadScore | NoScore:
    """What the team wrote down, line by line."""
    if not options.scorecard:
        return NoScore(missing=("a `scorecard` in the policy, for as long",), why="no scorecard is written")
    score = LeadScore(points=float(options.start), reasons=["by the policy's scorecard"])
    count_lines(question, options.scorecard, score)
    return score


def count_lines(question: Question, lines: Sequence[ScoreLine], score: LeadScore) -> None:
    """Add the points of the lines that hold; what one of them could not see is named as absent."""
    facts = facts_of(question, [line.when for line in lines])
    for line in lines:
        match line.when.evaluate(facts):
            case Matched():
                score.points += line.points
                score.reasons.append(f"{line.because}: {line.points:+d}")
                score.columns.extend(sorted(line.when.names.fields))
            case EvaluationFailed(reason=reason):
                score.reasons.append(f"absent for “{line.because}”: {reason}")
            case _:
                continue


def _between(chance: float, settled: int, low: float, high: float) -> float:
    """The mass of the beta distribution around a chance that so many leads stand behind."""
    from scipy.special import betainc

    behind = max(4.0, settled / _SPEAK_FOR_ONE)
    yes, no = behind * chance + 0.5, behind * (1.0 - chance) + 0.5
    ends = [float(betainc(yes, no, min(1.0, max(0.0, end)))) for end in (low, high)]
    return (1.0 if high >= 1.0 else ends[1]) - (0.0 if low <= 0.0 else ends[0])
