"""Checks of certificates and DNS records: will the name lead somewhere, and will the browser believe it?"""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.certificates import covers, of_balancers, record_name, users, zone_name
from giban.checks.registry import Hit, check
from giban.checks.values import flag, given, listed, text
from giban.graph.graph import Graph

BALANCERS = ("aws_lb", "aws_alb", "aws_elb")
API_DOMAINS = ("aws_apigatewayv2_domain_name", "aws_api_gateway_domain_name")


@check("GB077", "error", fix="Make the certificate in the region where it is used; for CloudFront in us-east-1.")
def certificate_in_the_wrong_region(graph: Graph) -> Iterator[Hit]:
    """Certificate is in the wrong region.

    ## What it finds
    A CloudFront distribution, an edge-optimised API domain or a Cognito domain whose certificate is not in us-east-1, and a
    load balancer listener or a regional API domain whose certificate is in another region than itself.

    ## Why it matters
    ACM certificates do not leave their region. `apply` fails after the certificate was issued, and a certificate cannot be
    moved: it has to be made and validated again.

    ## Example
    ```json
    {"provider": {"aws": {"region": "ap-northeast-2"}},
     "resource": {
      "aws_acm_certificate": {"site": {"domain_name": "scv.example.com"}},
      "aws_cloudfront_distribution": {"site": {
        "viewer_certificate": {"acm_certificate_arn": "${aws_acm_certificate.site.arn}"}}}}}
    ```
    Use instead:
    ```json
    {"provider": {"aws": [{"region": "ap-northeast-2"}, {"alias": "edge", "region": "us-east-1"}]},
     "resource": {"aws_acm_certificate": {"site": {"provider": "aws.edge", "domain_name": "scv.example.com"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    - https://docs.aws.amazon.com/acm/latest/userguide/acm-regions.html
    """
    for user in users(graph):
        wanted = "us-east-1" if user.at_the_edge else user.resource.region
        if user.region and wanted and user.region != wanted:
            yield user.resource, f"Its certificate is in {user.region}, but only one in {wanted} can be used here."


@check(
    "GB078",
    "warning",
    fix="Add the validation records and an aws_acm_certificate_validation, and use its certificate_arn.",
)
def certificate_not_validated(graph: Graph) -> Iterator[Hit]:
    """Certificate is never validated.

    ## What it finds
    A certificate with DNS validation without a record made from its `domain_validation_options`, or one that is used without
    waiting for `aws_acm_certificate_validation`.

    ## Why it matters
    Without the record it stays pending for 72 hours and then fails. Used before it is issued, the listener's creation fails
    with UnsupportedCertificate, at the first `apply` only, which makes it look like a fluke.

    ## Example
    ```json
    {"resource": {"aws_acm_certificate": {"main": {"domain_name": "scv.example.com", "validation_method": "DNS"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_acm_certificate_validation": {"main": {
      "certificate_arn": "${aws_acm_certificate.main.arn}",
      "validation_record_fqdns": ["${aws_route53_record.validation.fqdn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    in_use = {user.certificate.key: user for user in users(graph) if user.certificate and not user.waits}
    for certificate in graph.all("aws_acm_certificate"):
        if text(certificate, "validation_method") != "DNS":
            continue
        waiting = graph.referrers(certificate, "aws_acm_certificate_validation")
        if not waiting and not graph.referrers(certificate, "aws_route53_record"):
            yield certificate, "No record proves that the domain is yours, so the certificate is never issued."
        elif certificate.key in in_use:
            yield certificate, f"{in_use[certificate.key].resource.address} uses it without waiting until it is issued."


@check("GB079", "warning", fix="Add the name to subject_alternative_names.")
def certificate_does_not_cover_the_name(graph: Graph) -> Iterator[Hit]:
    """Certificate does not cover the name.

    ## What it finds
    A record that leads to a load balancer with HTTPS, an alias of a CloudFront distribution, or the domain of an API, whose name
    is in none of its certificates. A wildcard covers one level: `*.example.com` neither `example.com` nor `a.b.example.com`.

    ## Why it matters
    Browsers show a warning page instead of the service, and clients refuse to connect. CloudFront and API Gateway
    refuse the name.

    ## Example
    ```json
    {"resource": {
      "aws_route53_zone": {"main": {"name": "scv.example.com"}},
      "aws_lb": {"web": {"name": "web"}},
      "aws_lb_listener": {"https": {"load_balancer_arn": "${aws_lb.web.arn}",
        "certificate_arn": "${aws_acm_certificate.main.arn}"}},
      "aws_route53_record": {"apex": {"zone_id": "${aws_route53_zone.main.zone_id}", "name": "scv.example.com",
        "type": "A", "alias": {"name": "${aws_lb.web.dns_name}"}}},
      "aws_acm_certificate": {"main": {"domain_name": "*.scv.example.com"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_route53_zone": {"main": {"name": "scv.example.com"}},
      "aws_lb": {"web": {"name": "web"}},
      "aws_lb_listener": {"https": {"load_balancer_arn": "${aws_lb.web.arn}",
        "certificate_arn": "${aws_acm_certificate.main.arn}"}},
      "aws_route53_record": {"apex": {"zone_id": "${aws_route53_zone.main.zone_id}", "name": "scv.example.com",
        "type": "A", "alias": {"name": "${aws_lb.web.dns_name}"}}},
      "aws_acm_certificate": {"main": {
        "domain_name": "scv.example.com", "subject_alternative_names": ["*.scv.example.com"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
    """
    covered = of_balancers(graph)
    for record in graph.all("aws_route53_record"):
        balancer = graph.follow(record, "alias", "name") or graph.follow(record, "records")
        if balancer is None or balancer.type not in BALANCERS:
            continue
        name, names = record_name(graph, record), covered.get(balancer.key)
        if name and names and not covers(names, name):
            yield record, f"No certificate of {balancer.address} covers {name} (they cover {', '.join(sorted(names))})."
    for user in users(graph):
        if user.resource.type in API_DOMAINS and user.names:
            name = text(user.resource, "domain_name")
            if name and not covers(user.names, name):
                yield user.resource, f"Its certificate does not cover {name}."
        if user.resource.type == "aws_cloudfront_distribution" and user.names:
            for alias in listed(user.resource.value("aliases")):
                if isinstance(alias, str) and "${" not in alias and not covers(user.names, alias):
                    yield user.resource, f"Its certificate does not cover the alias {alias}."


@check("GB080", "notice", fix="Set evaluate_target_health to true.")
def alias_ignores_health(graph: Graph) -> Iterator[Hit]:
    """Alias record ignores the health of its target.

    ## What it finds
    An alias record of a load balancer with `evaluate_target_health` false.

    ## Why it matters
    With failover, weighted, latency or geolocation records, Route 53 goes on sending people to a load balancer without
    healthy targets. Switched on it costs nothing; with a single record it changes nothing.

    ## Example
    ```json
    {"resource": {
      "aws_lb": {"web": {"name": "web"}},
      "aws_route53_record": {"web": {"alias": {
        "name": "${aws_lb.web.dns_name}", "evaluate_target_health": false}}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_lb": {"web": {"name": "web"}},
      "aws_route53_record": {"web": {"alias": {
        "name": "${aws_lb.web.dns_name}", "evaluate_target_health": true}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias.html
    """
    for record in graph.all("aws_route53_record"):
        target = graph.follow(record, "alias", "name")
        if target is None or target.type not in BALANCERS:
            continue
        if flag(record, "alias", "evaluate_target_health", default=False) is False:
            yield record, f"People are sent to {target.address} even when nothing behind it answers."


@check("GB089", "error", fix="Use an alias record of the type A (and AAAA).")
def cname_at_the_apex(graph: Graph) -> Iterator[Hit]:
    """CNAME at the top of a zone.

    ## What it finds
    A record of the type CNAME whose name is that of its zone.

    ## Why it matters
    DNS does not allow it beside the zone's own NS and SOA records, and Route 53 refuses it: `apply` fails.

    ## Example
    ```json
    {"resource": {
      "aws_route53_zone": {"main": {"name": "scv.example.com"}},
      "aws_route53_record": {"apex": {"zone_id": "${aws_route53_zone.main.zone_id}", "name": "scv.example.com",
        "type": "CNAME", "records": ["${aws_lb.web.dns_name}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_route53_zone": {"main": {"name": "scv.example.com"}},
      "aws_route53_record": {"apex": {"zone_id": "${aws_route53_zone.main.zone_id}", "name": "scv.example.com",
        "type": "A", "alias": {"name": "${aws_lb.web.dns_name}", "zone_id": "${aws_lb.web.zone_id}",
          "evaluate_target_health": true}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat
    """
    for record in graph.all("aws_route53_record"):
        zone = zone_name(graph, record)
        if text(record, "type") == "CNAME" and zone and given(record, "name") and record_name(graph, record) == zone:
            yield record, f"{zone} is the top of its zone, where no CNAME may stand."
