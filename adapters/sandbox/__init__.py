"""An in-memory org with two faces that speak the Salesforce and HubSpot wire protocols.

It imports nothing of the connector and nothing of the other adapters, so that it cannot share their mistakes.
"""
