"""The Salesforce adapter: simple-salesforce in direct mode over our own transport, tokens and retries."""
