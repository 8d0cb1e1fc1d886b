"""Who reasons: the learners of the org's own history, and models that speak the Messages protocol."""
