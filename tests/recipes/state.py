"""Plays an authorization server: takes an authorize address apart and writes the address it sends the browser back to."""

import sys
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

query = parse_qs(urlsplit(sys.argv[1]).query, keep_blank_values=True, strict_parsing=True)
back = urlsplit(query["redirect_uri"][0])
pairs = parse_qs(back.query, keep_blank_values=True)
pairs.update({"code": ["code"], "state": query["state"]})
print(urlunsplit(back._replace(query=urlencode(pairs, doseq=True))))
