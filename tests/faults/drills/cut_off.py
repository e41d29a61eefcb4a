"""The way to PostgreSQL cut off: packets dropped, connections reset, silence.

Dropped packets are a cable that is pulled. In the silence a proxy stops, whose kernel goes on
acknowledging what the service sends, so that TCP's own time-outs see nothing: "held" delivers in the
end, "lost" leaves the connections open and dead, and takes new ones."""

import functools
import time
import urllib.parse

from parts import namespaces
from parts.audit import Audit
from parts.outage import Fault, settled
from parts.proxy import Proxy
from parts.report import Skipped

ENGINES = ("postgres",)


def run(drill):
    silence = 8 if drill.quick else 20
    try:
        namespaces.network()
        namespaces.needed("iptables", "iptables")
        packets = True
    except Skipped as reason:
        drill.report.left_out("packets dropped", reason)
        packets = False
    with drill.database() as database, Proxy(database.port) as proxy:
        parts = urllib.parse.urlsplit(database.url)
        url = parts._replace(netloc=f"postgres@127.0.0.1:{proxy.port}").geturl()
        with drill.service(url) as service:
            crew = drill.crew(service, refused=True)
            with crew.working():
                time.sleep(1)
                if packets:
                    drop, accept = _filter(proxy.port)
                    Fault("packets dropped", drop, accept, silence).make(drill, crew)
                Fault("RST", proxy.reset, proxy.heal, 3).make(drill, crew)
                Fault("silence, held", proxy.hold, proxy.heal, silence).make(drill, crew)
                lose = functools.partial(proxy.heal, drop=True)
                Fault("silence, lost", proxy.hold, lose, silence).make(drill, crew)
                proxy.reset()  # what is still dead must not spoil the look at the accounts
                proxy.heal()
                time.sleep(2)
            settled(crew, drill, service, Audit())


def _filter(port):
    """What drops every packet to and from the proxy, and what ends that."""

    def rules(action):
        for chain, side in (("INPUT", "--dport"), ("INPUT", "--sport")):
            namespaces.run("iptables", action, chain, "-p", "tcp", side, str(port), "-j", "DROP")

    return lambda: rules("-A"), lambda: rules("-D")
