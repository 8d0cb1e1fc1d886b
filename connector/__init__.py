"""crm-connector: a changed CRM record becomes a guarded, once-only, journaled, reversible write."""
