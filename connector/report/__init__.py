"""The read side: a record's story, how the service stands, rates. Reads the stages' tables; formats nothing."""
