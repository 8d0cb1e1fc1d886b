"""The HubSpot adapter: polling by search, reads with field history, writes verified by history.

May import `connector.adapter` and `connector.errors` only.
"""
