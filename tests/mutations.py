"""How many damaged mails and broken forms are tried: a few thousand each time, and on demand as many as one likes.

MUTATIONS=10000 ./run test tests/unit/test_replies.py tests/web
"""

import os

MUTATIONS = int(os.environ.get("MUTATIONS", "2500"))
