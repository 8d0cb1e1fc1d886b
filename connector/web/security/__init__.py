"""The door of the page: which hosts and origins are ours, what a browser may do with our answers, what a form may hold."""
