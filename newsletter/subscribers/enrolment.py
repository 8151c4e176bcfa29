"""Makes a subscriber who is not in subscribers.yaml, of what they asked for on the web or the operator did. Pure."""

from __future__ import annotations

from newsletter.model import SignUp, SignUpOrigin, Subscriber
from newsletter.subscribers import profile_yaml
from newsletter.subscribers.preferences import subscriber_from_defaults, subscriber_from_form
from newsletter.subscribers.schema import Preferences


def subscriber_from_signup(sign_up: SignUp, defaults: Preferences) -> Subscriber:
    """Builds them, with the file's defaults for all that is not said.

    Raises ConfigError, with `line 3: …` in `.problems`, where the operator's profile for them can be read no more.
    """
    if sign_up.origin is SignUpOrigin.WEB:
        return subscriber_from_form(sign_up, defaults)
    return profile_yaml.read(sign_up.profile, subscriber_from_defaults(sign_up, defaults), is_operators=True)
