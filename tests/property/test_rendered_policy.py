"""A renderer's output parses to the profile it came from."""

from __future__ import annotations

import shlex
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.daemons.estate import estate
from tests.world import NOW, ca, issue
from xsec.daemons.base import daemon
from xsec.daemons.enforce.listener import derive
from xsec.tls.ciphers import KEYWORDS, SUITES_13
from xsec.tls.profile import ServiceProfile, listening
from xsec.tls.versions import Version

ROOT = ca("Property Root")
LISTENER = derive(estate(server=issue(ROOT, "property", server=True), now=NOW), "https", NOW).listener
NAMES = {"TLSv1": Version.TLS1_0} | {v.text: v for v in Version}

WORDS = st.builds(
    lambda sign, words: sign + "+".join(words),
    st.sampled_from(("", "!", "-", "+")),
    st.lists(st.sampled_from(sorted(KEYWORDS)), min_size=1, max_size=2),
)
PROFILES = st.builds(
    lambda floor, words, suites: ServiceProfile(
        service="https",
        minimum_version=floor,
        ciphers=":".join(words),
        inbound=listening(":".join(words), floor, "https"),
        ciphersuites=tuple(suites),
    ),
    st.sampled_from(Version),
    st.lists(WORDS, min_size=1, max_size=8),
    st.lists(st.sampled_from(SUITES_13), min_size=1, max_size=5, unique=True),
)


@settings(max_examples=100, deadline=None)
@given(PROFILES)
def test_what_nginx_is_given_reads_back_as_the_policy(policy: ServiceProfile) -> None:
    plugin = daemon("nginx")
    found = plugin.render(
        replace(LISTENER, profile=policy), plugin.installation("/usr/sbin/nginx", "/srv/my host", None)
    )
    content = next(item.content for item in found.files if item.path.name == "tls.conf")
    assert isinstance(content, bytes)
    directives: dict[str, list[str]] = {}
    for line in content.decode().splitlines():
        if not line.startswith("#"):
            assert line.endswith(";")
            name, *values = shlex.split(line[:-1])
            directives[name] = values
    assert [NAMES[name] for name in directives["ssl_protocols"]] == list(policy.versions)
    assert directives["ssl_ciphers"] == [policy.inbound]
    assert directives["ssl_conf_command"] == ["Ciphersuites", ":".join(policy.ciphersuites)]
