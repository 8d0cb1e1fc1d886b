"""The application `hooks`: one public door for webhooks, without cookies and without pages.

What comes in is proven, queued as a hint and answered; records are read again by the service, and polling stays the truth.
"""
