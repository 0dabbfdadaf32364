"""Extensions are decoded one by one, and only from DER of their type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509

from xsec.pki import distribution
from xsec.pki import extensions as ext
from xsec.pki.der import NotDer


@pytest.mark.parametrize(
    ("decoder", "octets"),
    [
        pytest.param(ext.basic_constraints, "3003010100", id="cA FALSE encoded"),
        pytest.param(ext.basic_constraints, "3003010101", id="BOOLEAN 0x01"),
        pytest.param(ext.basic_constraints, "30060101ff0201ff", id="negative path length"),
        pytest.param(ext.basic_constraints, "30030101ff00", id="octets after the value"),
        pytest.param(ext.basic_constraints, "30070101ff02020001", id="padded integer"),
        pytest.param(ext.key_usage, "03020801", id="eight unused bits"),
        pytest.param(ext.key_usage, "03020507", id="unused bits that are set"),
        pytest.param(ext.extended_key_usage, "3000", id="no purpose"),
        pytest.param(ext.alternative_names, "3000", id="no name"),
        pytest.param(ext.alternative_names, "30068704000000", id="cut off"),
        pytest.param(ext.alternative_names, "30058703010203", id="address of three octets"),
        pytest.param(ext.alternative_names, "3003820 1e9".replace(" ", ""), id="DNS name that is not ASCII"),
        pytest.param(ext.name_constraints, "3000", id="no subtrees"),
        pytest.param(ext.name_constraints, "300aa008300687040a000000", id="range without mask"),
        pytest.param(ext.name_constraints, "300ea00c300a87080a000000ff00ff00", id="mask with a gap"),
        pytest.param(ext.name_constraints, "300aa0083006820161800101", id="minimum"),
        pytest.param(ext.number, "0201ff", id="negative number"),
        pytest.param(ext.policy_constraints, "3000", id="empty policyConstraints"),
        pytest.param(ext.policy_constraints, "3006810100800100", id="fields out of order"),
        pytest.param(ext.certificate_policies, "3000", id="no policy"),
        pytest.param(ext.certificate_policies, "300c3004060255053004 06025505".replace(" ", ""), id="twice"),
        pytest.param(distribution.distribution_points, "30023000", id="point without name and issuer"),
        pytest.param(ext.authority_key_identifier, "3003820101", id="serial without issuer"),
    ],
)
def test_what_is_not_the_der_of_an_extension_is_refused(decoder: Callable[[bytes], Any], octets: str) -> None:
    with pytest.raises(NotDer):
        decoder(bytes.fromhex(octets))


def test_an_object_identifier_reads_as_the_library_reads_it() -> None:
    for dotted in (
        "2.5.29.19",
        "1.3.6.1.4.1.311.20.2.3",
        "2.999.1",
        "0.9.2342.19200300.100.1.25",
        "2.16.840.1",
    ):
        usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(dotted)]).public_bytes()
        assert ext.extended_key_usage(usage) == {dotted}


def test_mappings_of_one_policy_add_up() -> None:
    octets = bytes.fromhex("30143008060255010602550230080602550106025503")
    assert ext.policy_mappings(octets) == {"2.5.1": {"2.5.2", "2.5.3"}}


def test_a_scope_has_its_flags() -> None:
    scope = x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier("http://crl.example/1")],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=True,
        only_some_reasons=frozenset((x509.ReasonFlags.key_compromise,)),
        indirect_crl=True,
        only_contains_attribute_certs=False,
    )
    found = distribution.issuing_distribution_point(scope.public_bytes())
    assert (found.only_authorities, found.only_users, found.indirect) == (True, False, True)
    assert found.reasons == frozenset((1,))
    assert found.named
