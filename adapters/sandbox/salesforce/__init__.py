"""The Salesforce face of the sandbox: REST, SOQL, composite, Bulk 2.0 queries and OAuth tokens over an org."""
