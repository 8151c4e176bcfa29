"""Exit codes of the command line, and the text that explains them in every `--help`."""

EXIT_OUTPUT = 1  # as other programs do
EXIT_CONFIG = 3
EXIT_FEED = 4
EXIT_SCORING = 5
EXIT_DELIVERY = 6
EXIT_STORE = 7
EXIT_NO_ANNOUNCEMENT = 8
EXIT_NOTHING_RELEVANT = 9

EXIT_CODES = """\b
Exit codes:
  0  all is well (nothing relevant and no announcement are well)
  1  a bug: please report its traceback; or stopped by Ctrl-C; or nothing can be printed
  2  the command line is not understood
  3  settings, subscribers.yaml or a template need mending
  4  a feed could not be fetched or read
  5  papers could not be scored, or the model could not be asked ahead
  6  a mail was deferred, rejected or is in doubt, or bounces are held
  7  the memory, or what is kept of one subscriber, could not be read or written
  8  nobody was mailed: no announcement, or not yet (run --detailed-exit-code)
  9  nobody was mailed: nothing was relevant (run --detailed-exit-code)"""
