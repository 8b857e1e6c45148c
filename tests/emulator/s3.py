"""moto's S3 with the roots of the real answers.

moto calls the root of an answer after the operation, AWS after what it holds ("Amazon S3 API Reference", each
operation's response syntax), and clients that are strict refuse the one for the other.
"""

from moto.core.serialize import S3Serializer

ROOTS = {
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
}


def answer(moto):
    def call(self, *parts):
        response = moto(self, *parts)
        operation = self.operation_model.name
        if operation in ROOTS and isinstance(response["body"], str):
            response["body"] = response["body"].replace(f"{operation}Response", ROOTS[operation])
        return response

    return call


def install():
    S3Serializer._serialized_result_to_response = answer(S3Serializer._serialized_result_to_response)
