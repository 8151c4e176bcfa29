"""Who subscribes to what: subscribers.yaml and its schema, profiles, votes, sign-ups, and a changed address.

Reads texts and gives values. Keeping them is for stores/; what a reader's request leads to is for services/.
"""
