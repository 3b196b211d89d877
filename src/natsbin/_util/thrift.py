"""Thrift's compact protocol, in which parquet files describe themselves: structs of fields by number."""

from __future__ import annotations

from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


class Compact:
    """Bytes that are read from their start; ``at`` is how many were. A float is read as its bytes, a map as None.

    Raises IndexError where the bytes end too early, KeyError for a kind that is not known, and RecursionError.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def struct(self) -> dict[int, Any]:
        """The fields of a struct; of two with the same number the last one counts, as in other readers."""
        fields: dict[int, Any] = {}
        number = 0
        while kind := (byte := self._byte()) & 15:
            number = number + (byte >> 4) if byte >> 4 else self._integer()
            number = (number + (1 << 15)) % (1 << 16) - (1 << 15)  # of 16 bits
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._integer()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind in (_LIST, _SET):
            byte = self._byte()
            size = byte >> 4 if byte >> 4 < 15 else self._unsigned()
            return [self._value(byte & 15) for _ in range(size)]
        if kind == _MAP:
            size = self._unsigned()
            kinds = self._byte() if size else 0
            for _ in range(size):
                self._value(kinds >> 4)
                self._value(kinds & 15)
            return None
        size = self._unsigned() if kind == _BINARY else {_DOUBLE: 8}[kind]
        if size > len(self._data) - self.at:
            raise IndexError("a text behind the end")
        self.at += size
        return self._data[self.at - size : self.at]

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise IndexError("an integer of more than ten bytes")

    def _integer(self) -> int:
        value = self._unsigned()
        return value >> 1 if value % 2 == 0 else -(value >> 1) - 1
