"""The engine's ports, bound to one workspace and one conversation. One module for each port.

Nothing here holds a transaction while it waits: a port that needs the database opens a unit of work of its own.
"""

from privexbot_app.domains.chatflows.ports.code import InstallationCode
from privexbot_app.domains.chatflows.ports.databases import WorkspaceDatabases
from privexbot_app.domains.chatflows.ports.flows import WorkspaceFlows
from privexbot_app.domains.chatflows.ports.knowledge import WorkspaceKnowledge
from privexbot_app.domains.chatflows.ports.leads import WorkspaceLeads
from privexbot_app.domains.chatflows.ports.messenger import WorkspaceMessenger
from privexbot_app.domains.chatflows.ports.models import InstallationModels
from privexbot_app.domains.chatflows.ports.setting import Setting, SystemClock
from privexbot_app.domains.chatflows.ports.web import WorkspaceWeb
from privexbot_app.flow.ports import Answers, Ports
from privexbot_app.integrations.plugins import Workshop

__all__ = ["Setting", "build_ports"]


def build_ports(works: Workshop, setting: Setting, answers: Answers | None) -> Ports:
    """Everything that a flow of this workspace may ask for. answers: the port that a room above this one holds."""
    return Ports(
        models=InstallationModels(works, setting.redaction),
        knowledge=WorkspaceKnowledge(works, setting),
        web=WorkspaceWeb(works, setting),
        code=InstallationCode(works),
        database=WorkspaceDatabases(works, setting),
        messenger=WorkspaceMessenger(works, setting),
        leads=WorkspaceLeads(works, setting),
        flows=WorkspaceFlows(works, setting),
        clock=SystemClock(),
        answers=answers,
    )
