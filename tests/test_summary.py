import nn


def test_a_summary_has_a_line_for_each_layer_and_the_total():
    assert nn.MLP(4, [5, 7, 3], "tanh", dropout=0.2).summary() == """\
name      module                 shapes                    parameters
---------------------------------------------------------------------
layers.0  Layer(4, 5, 'tanh')    weight (5, 4), bias (5,)          25
layers.1  Layer(5, 7, 'tanh')    weight (7, 5), bias (7,)          42
layers.2  Layer(7, 3, 'linear')  weight (3, 7), bias (3,)          24
dropout   Dropout(0.2)                                              0
91 parameters"""


def test_steps_that_have_no_parameters_and_steps_within_steps_are_listed():
    model = nn.Sequential(nn.Layer(200, 50, bias=False), "relu", nn.Sequential(nn.Maxout(50, 3), nn.Dropout(0.5)))
    assert model.summary() == """\
name  module                    shapes                          parameters
--------------------------------------------------------------------------
0     Layer(200, 50, 'linear')  weight (50, 200)                    10,000
1     'relu'                                                             0
2.0   Maxout(50, 3, pieces=2)   weight (3, 2, 50), bias (3, 2)         306
2.1   Dropout(0.5)                                                       0
10,306 parameters"""


def test_a_layer_alone_is_one_line_and_shared_parameters_count_once():
    assert nn.LogisticRegression(3).summary().splitlines()[2:] == [
        "-     LogisticRegression(3, classes=2)  weight (1, 3), bias (1,)           4", "4 parameters"]
    layer = nn.Layer(2, 2)
    assert nn.Sequential(layer, layer).summary().endswith("6 parameters")
