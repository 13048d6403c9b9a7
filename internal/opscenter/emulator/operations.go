package emulator

import (
	"context"
	"reflect"
)

// caller is who a request is from.
type caller struct {
	ARN string
}

// operation is one row of the table of operations.
type operation struct {
	name    string
	in, out reflect.Type // for the test that holds the types to the model
	run     func(ctx context.Context, e *Emulator, who caller, in map[string]any) (any, *Error)
}

// row makes a row from a method: the request was checked against the model and comes bound to its type.
func row[In, Out any](name string, f func(*Emulator, caller, *In) (*Out, *Error)) operation {
	return operation{
		name: name, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		run: func(_ context.Context, e *Emulator, who caller, tree map[string]any) (any, *Error) {
			in := new(In)
			bind(tree, reflect.ValueOf(in).Elem())
			out, err := f(e, who, in)
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// operations are what the emulator answers to.
var operations = table(
	row("CreateOpsItem", (*Emulator).createOpsItem),
	row("GetOpsItem", (*Emulator).getOpsItem),
	row("UpdateOpsItem", (*Emulator).updateOpsItem),
	row("DescribeOpsItems", (*Emulator).describeOpsItems),
	row("DeleteOpsItem", (*Emulator).deleteOpsItem),
	row("ListOpsItemEvents", (*Emulator).listOpsItemEvents),
	row("AssociateOpsItemRelatedItem", (*Emulator).associate),
	row("DisassociateOpsItemRelatedItem", (*Emulator).disassociate),
	row("ListOpsItemRelatedItems", (*Emulator).listRelatedItems),
	row("AddTagsToResource", (*Emulator).addTags),
	row("RemoveTagsFromResource", (*Emulator).removeTags),
	row("ListTagsForResource", (*Emulator).listTags),
	row("GetOpsSummary", (*Emulator).getOpsSummary),
	row("GetServiceSetting", (*Emulator).getServiceSetting),
	row("UpdateServiceSetting", (*Emulator).updateServiceSetting),
	row("ResetServiceSetting", (*Emulator).resetServiceSetting),
	row("PutResourcePolicy", (*Emulator).putResourcePolicy),
	row("GetResourcePolicies", (*Emulator).getResourcePolicies),
	row("DeleteResourcePolicy", (*Emulator).deleteResourcePolicy),
)

func table(rows ...operation) map[string]operation {
	out := make(map[string]operation, len(rows))
	for _, r := range rows {
		out[r.name] = r
	}
	return out
}

// invoke checks a request against the model and runs it.
func (e *Emulator) invoke(ctx context.Context, op operation, who caller, in map[string]any) (any, *Error) {
	if err := check(e.model.Operations[op.name].Input.shape, in); err != nil {
		return nil, err
	}
	return op.run(ctx, e, who, in)
}
