"""Ethereum wallets, those of people and those that are contracts."""

from privexbot_app.integrations.auth_strategies.evm.strategy import EvmWallets

__all__ = ["EvmWallets"]
