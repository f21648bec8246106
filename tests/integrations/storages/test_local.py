"""Files in a folder: the suite, and what only a folder can get wrong."""

import pytest

from privexbot_app.integrations.storages.base import StoragePathError, StorageUnavailableError
from privexbot_app.integrations.storages.local import LocalStorage
from tests.contract.storage_contract import StorageContract


@pytest.fixture
def storage(tmp_path) -> LocalStorage:
    return LocalStorage(LocalStorage.Config(root=tmp_path / "files"))


class TestLocal(StorageContract):
    """A folder passes the suite."""


async def test_a_link_that_leads_outside_is_refused(tmp_path, storage):
    (tmp_path / "secret").write_text("s")
    await storage.write("ws/1/a", b"x")
    (tmp_path / "files" / "ws" / "link").symlink_to(tmp_path)
    with pytest.raises(StoragePathError):
        await storage.read("ws/link/secret")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    storage = LocalStorage(LocalStorage.Config(root=tmp_path / "file"))
    with pytest.raises(StorageUnavailableError) as caught:
        await storage.check()
    assert caught.value.code == "storage_unavailable"
