"""The apply engine against real daemons on loopback: what holds, what is refused, what is put back."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.daemons.scene import Scene, holder
from xsec.connections.settings import CRL_INACCESSIBLE
from xsec.daemons import settings
from xsec.daemons.enforce import inspect
from xsec.daemons.enforce.prove import ClientProof
from xsec.daemons.enforce.report import Proof, ServiceReport
from xsec.edge.sockets import SystemConnection, SystemDialer
from xsec.errors import Refused, RolledBack, Unavailable
from xsec.lab.pki import seeded_key
from xsec.state.snapshot import Snapshot
from xsec.tls.handshake import shake
from xsec.tls.settings import HTTPS
from xsec.tls.versions import Version

NGINX = pytest.param("nginx", marks=pytest.mark.needs("nginx"))
RSA_ONLY = "ECDHE-RSA-AES256-GCM-SHA384"  # the server's key is ECDSA: `nginx -t` does not mind


@pytest.fixture(params=[NGINX, "builtin"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, request.param)
    yield made
    made.stop()


@pytest.fixture(params=[NGINX])
def nginx(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, "nginx")
    yield made
    made.stop()


def status(scene: Scene, version: Version = Version.TLS1_3) -> int:
    return shake(scene.world.dialer, scene.address, version).status


def names(proofs: tuple[Proof, ...]) -> set[str]:
    return {proof.what for proof in proofs}


def test_a_first_apply_starts_the_daemon_and_every_proof_holds(scene: Scene) -> None:
    (report,) = scene.apply().services
    assert (report.action, report.changed) == ("start", True)
    assert all(proof.held for proof in (*report.rehearsed, *report.proofs))
    assert {"TLSv1.0 is refused", "TLSv1.1 is refused", "TLSv1.2 with only other suites"} <= names(
        report.proofs
    )
    assert status(scene) == 200


def test_applying_what_is_in_force_is_nothing_to_do_and_proves_it_again(scene: Scene) -> None:
    scene.apply()
    before = scene.tree()
    (report,) = scene.apply().services
    assert (report.changed, report.action, report.files) == (False, "none", ())
    assert report.proofs
    assert all(proof.held for proof in report.proofs)
    assert scene.tree() == before


def test_a_setting_that_changes_no_file_counts_as_applied_after_the_next_apply(nginx: Scene) -> None:
    nginx.require_clients()
    nginx.set({CRL_INACCESSIBLE: "Ignore"})
    nginx.apply()
    nginx.set({CRL_INACCESSIBLE: "Fail"})
    (report,) = nginx.apply().services
    assert (report.changed, report.inputs) == (False, (CRL_INACCESSIBLE.path,))
    assert nginx.apply(dry_run=True).services[0].inputs == ()


def test_a_key_is_written_for_root_alone_below_folders_for_root_alone(scene: Scene) -> None:
    scene.apply()
    (key,) = (scene.root / "etc/xsec" / scene.daemon).glob("*/key.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_clients_are_accepted_and_refused_as_ca_and_crl_say(scene: Scene) -> None:
    scene.apply()
    scene.require_clients(revoked=(scene.bob,))
    (report,) = scene.apply(
        proofs=(
            ClientProof(name="alice", accepted=True, holder=holder(scene.alice)),
            ClientProof(name="bob, revoked", accepted=False, holder=holder(scene.bob)),
        )
    ).services
    assert report.action == "reload"
    assert all(proof.held for proof in (*report.rehearsed, *report.proofs))
    assert {
        "alice, TLSv1.2",
        "bob, revoked, TLSv1.3",
        "a client without a certificate, TLSv1.2",
    } <= names(report.proofs)
    assert {"a revoked probe client, TLSv1.2", "a probe client of an unknown CA, TLSv1.3"} <= names(
        report.rehearsed
    )


def test_a_new_crl_is_in_force_right_after_the_apply(scene: Scene) -> None:
    scene.require_clients()
    scene.apply(proofs=(ClientProof(name="bob", accepted=True, holder=holder(scene.bob)),))
    scene.require_clients(revoked=(scene.bob,), number=2)
    scene.apply(proofs=(ClientProof(name="bob", accepted=False, holder=holder(scene.bob)),))


@pytest.mark.parametrize("floor", ["minTLSv1.0", "minTLSv1.1", "minTLSv1.3"])
def test_every_floor_is_enforced_and_proven(scene: Scene, floor: str) -> None:
    scene.set({HTTPS.protocol: floor})
    (report,) = scene.apply().services
    refused = {proof.what for proof in report.proofs if proof.expected == "alert protocol_version"}
    assert refused == {f"{v.text} is refused" for v in Version if v.minimum < floor}
    assert all(proof.held for proof in report.proofs)


def test_tls_13_suites_are_enforced(scene: Scene) -> None:
    scene.set({HTTPS.suites: "TLS_CHACHA20_POLY1305_SHA256"})
    (report,) = scene.apply().services
    found = next(proof.found for proof in report.proofs if proof.what == "TLSv1.3 with the configured suites")
    assert found == "accepted TLSv1.3 with TLS_CHACHA20_POLY1305_SHA256"


def test_dhe_suites_are_enforced_too_for_an_rsa_key(nginx: Scene) -> None:
    nginx.server = nginx.ca.issue("rsa", server=True, key="rsa2048")
    nginx.set({HTTPS.ciphers: "DHE-RSA-AES128-GCM-SHA256"})
    (report,) = nginx.apply().services
    found = next(proof.found for proof in report.proofs if proof.what == "TLSv1.2 with the configured suites")
    assert found.endswith("DHE-RSA-AES128-GCM-SHA256")


def test_a_policy_that_no_client_could_use_is_refused_before_anything_is_switched(scene: Scene) -> None:
    scene.apply()
    before, digest = scene.tree(), scene.digest()
    scene.set({HTTPS.ciphers: RSA_ONLY})
    with pytest.raises(Refused, match="nothing was changed") as caught:
        scene.apply()
    assert "shadow" in caught.value.where
    assert "alert handshake_failure" in caught.value.what
    assert (scene.tree(), scene.digest()) == (before, digest)
    assert status(scene) == 200


def test_a_proof_that_fails_after_the_switch_puts_everything_back_byte_for_byte(scene: Scene) -> None:
    scene.apply()
    before, digest = scene.tree(), scene.digest()
    scene.set({HTTPS.protocol: "minTLSv1.3"})
    impossible = ClientProof(name="nobody", accepted=False, rehearsed=False)
    with pytest.raises(RolledBack) as caught:
        scene.apply(proofs=(impossible,))
    assert "nobody, TLSv1.3: expected refused, found accepted: HTTP 200" in caught.value.what
    assert f"serves again: {scene.address} answered with its certificate" in caught.value.what
    assert str(scene.address) in caught.value.where
    assert (scene.tree(), scene.digest()) == (before, digest)
    assert status(scene, Version.TLS1_2) == 200


class Deaf(SystemDialer):
    """Reaches everything but one port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def dial(self, host: str, port: int, *, timeout: timedelta) -> SystemConnection:
        if port == self.port:
            raise Unavailable(f"{host}:{port} did not answer in time")
        return super().dial(host, port, timeout=timeout)


def test_a_former_configuration_that_is_not_seen_to_serve_again_is_told(scene: Scene) -> None:
    scene.apply()
    scene.set({HTTPS.protocol: "minTLSv1.3"})
    scene.world.dialer = Deaf(scene.port)
    with pytest.raises(RolledBack) as caught:
        scene.apply()
    assert "the former configuration does not serve: 127.0.0.1" in caught.value.what
    assert "serves again" not in caught.value.what


def test_a_former_configuration_that_asks_clients_for_certificates_is_seen_to_serve_again(
    scene: Scene,
) -> None:
    scene.require_clients()
    scene.apply()
    scene.server = scene.ca.issue("next", server=True, key=seeded_key("next"))
    impossible = ClientProof(name="nobody", accepted=True, rehearsed=False)
    with pytest.raises(RolledBack) as caught:
        scene.apply(proofs=(impossible,))
    assert "the former configuration serves again" in caught.value.what


def test_a_first_apply_that_fails_leaves_no_daemon_and_no_file(scene: Scene) -> None:
    with pytest.raises(RolledBack):
        scene.apply(proofs=(ClientProof(name="nobody", accepted=False, rehearsed=False),))
    assert scene.tree() == {}
    assert scene.apply().services[0].action == "start"


def test_a_port_that_somebody_else_has_is_rolled_back(nginx: Scene) -> None:
    nginx.apply()
    before = nginx.tree()
    with Scene.occupied() as port:
        nginx.set({settings.HTTPS_PORT: port})
        with pytest.raises(RolledBack, match="Address already in use"):
            nginx.apply()
    assert nginx.tree() == before
    assert status(nginx) == 200


def test_another_configuration_of_the_hosts_own_that_clashes_is_told_and_undone(nginx: Scene) -> None:
    nginx.apply()
    before = nginx.tree()
    clash = nginx.root / "etc/nginx/conf.d/other.conf"
    clash.write_text("ssl_nonsense on;\n")
    nginx.set({HTTPS.protocol: "minTLSv1.3"})
    with pytest.raises(RolledBack, match="ssl_nonsense"):
        nginx.apply()
    clash.unlink()
    assert nginx.tree() == before


# Prediction ------------------------------------------------------------------------------------------------


def _promised(report: ServiceReport) -> ServiceReport:
    """What a prediction can know: everything but what was found."""

    def unseen(proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
        return tuple(replace(proof, found="", held=None) for proof in proofs)

    return replace(report, rehearsed=unseen(report.rehearsed), proofs=unseen(report.proofs))


def test_a_prediction_is_what_the_real_run_reports_and_touches_nothing(scene: Scene) -> None:
    for change in ({}, {HTTPS.protocol: "minTLSv1.3"}):
        scene.set(change)
        before = scene.tree()
        (predicted,) = scene.apply(dry_run=True).services
        assert scene.tree() == before
        (real,) = scene.apply().services
        assert _promised(real) == predicted


def test_a_prediction_names_settings_and_shows_the_diff(nginx: Scene) -> None:
    nginx.apply()
    nginx.set({HTTPS.protocol: "minTLSv1.3"})
    (predicted,) = nginx.apply(dry_run=True).services
    assert predicted.inputs == (HTTPS.protocol.path,)
    policy = next(change for change in predicted.files if change.path.endswith("/tls.conf"))
    assert "-ssl_protocols TLSv1.2 TLSv1.3;" in policy.diff
    assert "+ssl_protocols TLSv1.3;" in policy.diff
    key = next(change for change in predicted.files if change.path.endswith("/key.pem"))
    assert (key.action, key.diff) == ("create", "")


# Restart ---------------------------------------------------------------------------------------------------


def test_a_setting_with_restart_waits_for_it(scene: Scene) -> None:
    scene.apply()
    old = scene.port
    scene.port = scene.world.dialer.free_port()
    scene.set({settings.HTTPS_PORT: scene.port})
    (report,) = scene.apply(restart=False).services
    assert (report.pending, report.changed) == (("Management Interface Port",), False)
    (report,) = scene.apply(restart=True).services
    assert (report.pending, report.changed) == ((), True)
    assert status(scene) == 200
    assert old != scene.port


# By hand ---------------------------------------------------------------------------------------------------


def test_a_file_changed_by_hand_is_not_overwritten_without_force(nginx: Scene) -> None:
    nginx.apply()
    site = nginx.root / "etc/nginx/conf.d/xsec-https.conf"
    site.write_text(site.read_text() + "# mine\n")
    nginx.set({HTTPS.protocol: "minTLSv1.3"})
    with pytest.raises(Refused, match="changed by hand") as caught:
        nginx.apply()
    assert "--force" in caught.value.remedy
    assert site.read_text().endswith("# mine\n")
    nginx.apply(force=True)
    assert not site.read_text().endswith("# mine\n")


def test_a_file_that_xsec_did_not_make_is_not_overwritten_without_force(nginx: Scene) -> None:
    site = nginx.root / "etc/nginx/conf.d/xsec-https.conf"
    site.parent.mkdir(parents=True)
    site.write_text("# the operator's\n")
    with pytest.raises(Refused, match="was not made by xsec"):
        nginx.apply()
    assert site.read_text() == "# the operator's\n"


def test_a_missing_file_is_made_again(nginx: Scene) -> None:
    nginx.apply()
    site = nginx.root / "etc/nginx/conf.d/xsec-https.conf"
    site.unlink()
    (report,) = nginx.apply().services
    assert report.changed
    assert site.exists()


def _with_applied(scene: Scene) -> Snapshot:
    from tests.daemons.estate import estate
    from xsec.daemons.enforce.undo import recorded

    return estate(
        server=scene.server,
        authorities=(scene.ca,),
        crls=scene.crls,
        values=scene.values,
        applied=recorded(scene.world),
        now=scene.now,
    )


def test_verify_finds_drift_and_a_daemon_that_is_not_what_was_applied(nginx: Scene) -> None:
    nginx.apply()
    found = inspect.verify(nginx.world, _with_applied(nginx), "https", nginx.now)
    assert found is not None
    assert found.holds
    site = nginx.root / "etc/nginx/conf.d/xsec-https.conf"
    site.write_text("# gone\n")
    nginx.stop()
    found = inspect.verify(nginx.world, _with_applied(nginx), "https", nginx.now)
    assert found is not None
    assert (found.running, found.holds) == (False, False)
    assert found.drift == {"/etc/nginx/conf.d/xsec-https.conf": "changed"}


# CRLs and the host -----------------------------------------------------------------------------------------


def test_an_expired_crl_shuts_everybody_out_and_says_so(nginx: Scene) -> None:
    nginx.require_clients()
    nginx.crls = (
        nginx.ca.crl(
            (), this_update=nginx.now - timedelta(hours=2), next_update=nginx.now - timedelta(hours=1)
        ),
    )
    (report,) = nginx.apply(
        proofs=(ClientProof(name="alice", accepted=False, holder=holder(nginx.alice)),)
    ).services
    assert "has expired" in report.notes[0]


def test_https_switched_off_answers_nobody(nginx: Scene) -> None:
    nginx.apply()
    nginx.set({settings.HTTPS: "Off"})
    (report,) = nginx.apply().services
    assert [proof.what for proof in report.proofs] == ["no listener"]
    assert all(proof.held for proof in report.proofs)


def test_another_certificate_is_served_after_the_apply_and_only_two_renderings_stay(scene: Scene) -> None:
    for name in ("one", "two", "three"):
        scene.server = scene.ca.issue(name, server=True, key=seeded_key(name))
        scene.apply()
        served = shake(scene.world.dialer, scene.address, Version.TLS1_3)
        assert served.certificate == scene.server.der
    assert len([p for p in (scene.root / "etc/xsec" / scene.daemon).iterdir() if p.is_dir()]) == 2


def test_nothing_of_a_rehearsal_stays(scene: Scene) -> None:
    scene.require_clients()
    scene.apply()
    assert not list((scene.root / "run/xsec").iterdir())
    assert not list((scene.root / "var/lib/xsec/journal").iterdir())
