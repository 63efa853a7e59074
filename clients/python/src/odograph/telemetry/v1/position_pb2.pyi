from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Position(_message.Message):
    __slots__ = ("partition", "sequence", "index")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    partition: int
    sequence: int
    index: int
    def __init__(self, partition: _Optional[int] = ..., sequence: _Optional[int] = ..., index: _Optional[int] = ...) -> None: ...
