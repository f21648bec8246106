"""A node for tests: as much of Ethereum's machine as asking a wallet for its word takes, behind JSON-RPC.

Accounts are Python functions. Opcodes as in https://ethereum.github.io/execution-specs; anything else is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Contract = Callable[[bytes], bytes | None]
"""Takes the call's data; None when it fails."""


@dataclass
class Machine:
    """Accounts by address, in lower case without 0x. calls: what was called, in order."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.Response:
        """Answer `eth_call`."""
        asked = await request.json()
        assert asked["method"] == "eth_call"
        transaction, _ = asked["params"]
        data = bytes.fromhex(transaction["data"][2:])
        before = dict(self.contracts)  # what a call changes is forgotten
        try:
            result = self.call(transaction["to"], data) if "to" in transaction else self.run(data)
        finally:
            self.contracts = before
        if result is None:
            return web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": 3, "message": "execution reverted"}})
        return web.json_response({"jsonrpc": "2.0", "id": 1, "result": f"0x{result.hex()}"})

    def call(self, address: str, data: bytes) -> bytes | None:
        """Call an account; one without code returns nothing."""
        name = address.lower().removeprefix("0x")
        self.calls.append(name)
        return self.contracts.get(name, lambda _: b"")(data)

    def run(self, code: bytes) -> bytes | None:
        """Run a program in place of a deployment; returns what it returns."""
        stack: list[int] = []
        memory, returned, at = bytearray(100_000), b"", 0
        while at < len(code):
            opcode, at = code[at], at + 1
            if 0x60 <= opcode <= 0x7F:
                size = opcode - 0x5F
                stack.append(int.from_bytes(code[at : at + size]))
                at += size
            elif opcode in {0x10, 0x14, 0x16}:
                one, other = stack.pop(), stack.pop()
                stack.append({0x10: int(one < other), 0x14: int(one == other), 0x16: one & other}[opcode])
            elif opcode == 0x39:
                to, start, size = stack.pop(), stack.pop(), stack.pop()
                memory[to : to + size] = code[start : start + size].ljust(size, b"\0")
            elif opcode == 0x3B:
                stack.append(int(stack.pop().to_bytes(20).hex() in self.contracts))
            elif opcode == 0x3D:
                stack.append(len(returned))
            elif opcode == 0x50:
                stack.pop()
            elif opcode == 0x51:
                start = stack.pop()
                stack.append(int.from_bytes(memory[start : start + 32]))
            elif opcode == 0x52:
                start, value = stack.pop(), stack.pop()
                memory[start : start + 32] = value.to_bytes(32)
            elif opcode == 0x57:
                target, condition = stack.pop(), stack.pop()
                if condition:
                    assert code[target] == 0x5B, "a jump must land on its mark"
                    at = target
            elif opcode == 0x5A:
                stack.append(30_000_000)
            elif opcode == 0x5B:
                pass
            elif opcode in {0xF1, 0xFA}:
                _, address = stack.pop(), stack.pop()
                if opcode == 0xF1:
                    assert stack.pop() == 0, "no value may move"
                start, size, to, room = (stack.pop() for _ in range(4))
                result = self.call(address.to_bytes(20).hex(), bytes(memory[start : start + size]))
                stack.append(int(result is not None))
                returned = result or b""
                memory[to : to + min(room, len(returned))] = returned[:room]
            elif opcode == 0xF3:
                start, size = stack.pop(), stack.pop()
                return bytes(memory[start : start + size])
            else:
                raise AssertionError(f"unknown opcode {opcode:#x}")
        return b""


def wallet_of(owner: str, recovered: Callable[[bytes, bytes], Any]) -> Contract:
    """A contract wallet with one owner. recovered: who signed a digest."""

    def answer(data: bytes) -> bytes | None:
        if data[:4] != bytes.fromhex("1626ba7e"):
            return None
        digest, size = data[4:36], int.from_bytes(data[68:100])
        good = recovered(digest, data[100 : 100 + size]) == owner
        return (bytes.fromhex("1626ba7e") if good else b"\xff" * 4).ljust(32, b"\0")

    return answer
