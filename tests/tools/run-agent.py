"""Run the real z4j agent in the foreground until SIGTERM ends it.

Brain, token, project and signing secret come from the agent's own environment variables
(Z4J_BRAIN_URL, Z4J_TOKEN, Z4J_PROJECT_ID, Z4J_HMAC_SECRET, Z4J_AGENT_NAME). The agent wants
an engine to report on; this one has no tasks, so that no task queue has to be installed.
"""

import logging
import signal
import sys
import threading

from z4j_bare import install_agent


class IdleEngine:
    """A task queue in which nothing ever happens."""

    name = "idle"
    protocol_version = "1"

    def capabilities(self):
        return set()

    async def discover_tasks(self, hints=None):
        return []

    async def list_queues(self):
        return []

    async def list_workers(self):
        return []

    async def subscribe_events(self):
        return
        yield


# The tests read the close codes, which only the WebSocket library logs; it would log the token too.
logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)s %(name)s %(message)s")
logging.getLogger("websockets.client").addFilter(lambda record: "Authorization" not in record.getMessage())
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
runtime = install_agent(engines=[IdleEngine()])
print("agent started", file=sys.stderr, flush=True)
stop.wait()
runtime.stop()
