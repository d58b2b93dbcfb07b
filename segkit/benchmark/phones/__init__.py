"""The reader's own phone: a page that runs our .tflite files in its browser, and the rows that it measures.

The page's sources lie in phone/, beside this package; :mod:`build` makes a folder of them that any
web server can give out, :mod:`server` gives it out in the local network, :mod:`rows` reads what a
phone has measured.
"""
