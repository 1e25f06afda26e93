"""The doorman of an HTTP API that is not for everybody: lets addresses in, and knows nothing else.

An HTTP API has neither web ACLs nor resource policies
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html). What does not decide who comes in by address
belongs elsewhere.
"""
