"""The names at the top of the command line with one line each, so that help loads no command."""

from __future__ import annotations

# name: (module below xsec.commands, attribute, short help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "status": ("status", "status", "Status page: mode, alarms, next expiries, what is pending."),
    "setup": ("setup", "setup", "Make a working default store on this host."),
    "demo": ("demo", "demo", "The main job end to end in a scratch root, proven by handshakes."),
    "doctor": ("doctor", "doctor", "Everything wrong, worst first, each with its remedy."),
    "trust": ("trust", "trust", "Trusted CA certificates."),
    "cert": ("cert", "cert", "The server certificate and its key."),
    "crl": ("crl", "crl", "Certificate revocation lists."),
    "certauth": ("certauth", "certauth", "Certificate-based authentication and username extraction."),
    "client-cert": ("client_cert", "client_cert", "Test client certificates."),
    "connections": ("connections", "connections", "Connection kinds and what applies to each."),
    "verify": ("verify", "verify", "Validate a certificate path, with evidence."),
    "tls": ("tls", "tls", "Minimum TLS version and cipher suites of each service."),
    "service": ("service", "service", "The daemons that carry the services."),
    "apply": ("apply", "apply", "Enforce the configuration on the daemons and prove it."),
    "restart": ("apply", "restart", "Apply, with the settings that wait for a restart."),
    "config": ("config", "config", "The configuration document: show, validate, load, edit."),
    "history": ("history", "history", "Generations of the configuration."),
    "diff": ("history", "diff", "What differs between two generations."),
    "rollback": ("history", "rollback", "Make an earlier generation the configuration again."),
    "alarm": ("alarm", "alarm", "Alarms raised by rules over configuration and status."),
    "log": ("log", "log", "Event and configuration logs; verify their chain."),
    "xconfiguration": ("xconfiguration", "xconfiguration", "Every setting by path."),
    "xstatus": ("xstatus", "xstatus", "The status tree by path."),
    "xcommand": ("xcommand", "xcommand", "Actions by name."),
    "completion": ("completion", "completion", "Print the completion script of a shell."),
    "help": ("help", "help_command", "Help on a topic, such as exit-codes."),
}
