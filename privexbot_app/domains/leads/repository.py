"""Rows of leads."""

from privexbot_app.domains.leads.models import Lead
from privexbot_app.kit.repository import TenantRepository


class LeadRepository(TenantRepository[Lead]):
    """Leads of one workspace."""

    model = Lead
    noun = "lead"
