"""The admin API of one workstation: an HTTP API behind API Gateway, and the page it serves.

What belongs here: who may ask (addresses, devices, pairing, lockout, signatures), what they may ask (routes, actions), how it
is answered (http, status, openapi, assets). What does not: whether a machine is on and why (power decides), the page's own
files (page/), anything of the host.

The way of a request, deny by default; the first that refuses answers:

    event      from API Gateway, or from an operator (lambda:Invoke, where IAM has decided)        http.py
    address    is on the allow list; the connection's address, never a header                      addresses.py
    locked     an address or device with too many failures is told to wait, and nothing else       lockout.py
    origin     another site's page may not act here                                                origins.py
    caller     a registered device, a host by its signature, an operator; or a route open to all   access.py
    route      what is asked for; an unknown path is only told to those who passed                 routes.py
    input      all wrong fields at once                                                            fields.py
    action     done on condition; answers with what was observed after it                          actions*.py
"""
