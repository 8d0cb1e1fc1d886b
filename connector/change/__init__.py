"""Change: what the CRM says happened, queued once. Owns cursors, the inbox, what we have seen, and triggers.

May import the policy, journal, store, adapter and record; its modules are imported by name.
"""
