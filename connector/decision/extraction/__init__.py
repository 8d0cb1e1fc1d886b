"""What texts say in so many words: signatures, dates, amounts, next steps. Rules only, each value with its quote.

Every reader looks at a bounded part of its text, line by line, and abstains where a line can be read in two ways.
"""
