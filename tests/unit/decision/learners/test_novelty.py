"""Texts of no known value: the full effort tells them from doubtful ones without having seen any."""

from connector.decision.learners import Effort

TOPICS = {
    f"topic {n}": " ".join(f"{stem}{n}" for stem in ("alpha", "bravo", "carol", "delta", "ember", "frost"))
    for n in range(12)
}


def test_texts_of_a_value_never_taught_look_newer_than_texts_of_known_values(teach, company):
    known = {name: words for name, words in TOPICS.items() if name not in ("topic 0", "topic 1")}
    learner = teach(*company(300, seed=1, topics=known), effort=Effort.FULL)
    familiar, _ = company(200, seed=2, topics=known)
    strange, _ = company(200, seed=3, topics={name: TOPICS[name] for name in ("topic 0", "topic 1")})
    usual = sorted(p.novelty for p in learner.predict(familiar))
    caught = sum(p.novelty > usual[180] for p in learner.predict(strange))
    assert caught > 150


def test_few_known_texts_are_called_novel(full_learner, company):
    texts, _ = company(300, seed=11)
    assert sum(p.novel for p in full_learner.predict(texts)) < 45
