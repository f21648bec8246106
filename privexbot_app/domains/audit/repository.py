"""Rows of the audit log."""

from privexbot_app.domains.audit.models import AuditEntry
from privexbot_app.kit.repository import TenantRepository


class AuditRepository(TenantRepository[AuditEntry]):
    """Entries of one workspace."""

    model = AuditEntry
    noun = "audit entry"
