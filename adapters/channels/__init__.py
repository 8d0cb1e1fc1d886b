"""The ways out of the CRM and the sources beside it, one module each. Only those that settings name are ever imported."""
