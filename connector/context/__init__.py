"""What an agent may know: the context builder, memory, knowledge and the local index."""
