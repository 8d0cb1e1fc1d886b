"""The data audit that comes before any agent: what is empty, off the list, mixed, contradictory or doubled, and for
which agents this organisation's history is enough. General methods over tables; nothing is known of any data set.
"""
