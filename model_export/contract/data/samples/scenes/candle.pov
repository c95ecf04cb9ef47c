// Three lit pillar candles on a dark wooden table, in a dark room.
#include "common.inc"
camera { location <0, 2.9, -8.4> look_at <0, 1.72, 0> angle 33 right x*4/3 }
background { rgb <0.012, 0.010, 0.010> }
light_source { <-6, 8, -8> rgb <0.5, 0.6, 0.8>*0.10 area_light x*3, y*3, 4, 4 adaptive 1 jitter }
Table(RGB(52, 28, 14), RGB(110, 66, 34), 1.2, 1.3)
SoftWall(7, RGB(112, 66, 44), RGB(70, 40, 28), 3)

#macro Candle(Height, Radius, Colour)
union {
  // wax: brighter near the flame, where light passes through it
  difference {
    union {
      cylinder { <0, 0, 0>, <0, Height-0.06, 0>, Radius }
      torus { Radius-0.06, 0.06 translate y*(Height-0.06) }
      cylinder { <0, 0.1, 0>, <0, Height, 0>, Radius-0.06 }
    }
    sphere { <0, Height+Radius*1.15, 0>, Radius*1.38 }
    texture {
      pigment { gradient y color_map { [0 Colour*0.75] [0.6 Colour] [1 Colour] } scale Height }
      normal { bumps 0.05 scale 0.25 }
      finish { diffuse 0.75 specular 0.25 roughness 0.04 }
    }
    texture {
      pigment { gradient y
        color_map { [0 rgbt 1] [0.40 rgbt 1] [0.8 rgbt <1.0, 0.48, 0.16, 0.72>] [1 rgbt <1.0, 0.70, 0.34, 0.35>] } scale Height*1.01 }
      finish { emission 0.62 diffuse 0 }
    }
  }
  // melted pool, wick
  cylinder { <0, Height-0.22, 0>, <0, Height-0.19, 0>, Radius*0.8
    pigment { RGB(255, 206, 130) } finish { emission 0.55 diffuse 0.4 specular 0.8 roughness 0.005 reflection 0.1 } }
  sphere_sweep { cubic_spline 5, <0, Height-0.4, 0>, 0.022, <0, Height-0.2, 0>, 0.022, <0.01, Height+0.02, 0>, 0.02,
    <0.05, Height+0.12, 0>, 0.014, <0.1, Height+0.2, 0>, 0.01 pigment { RGB(28, 18, 12) } }
  // flame
  sphere { 0, 1 hollow no_shadow pigment { rgbt 1 } finish { diffuse 0 }
    interior { media { emission rgb <1, 0.62, 0.24>*30 samples 8 method 3
      density { function { max(0, 1 - sqrt(pow(x/(0.62*(1-0.62*max(y,-0.4))),2) + pow(z/(0.62*(1-0.62*max(y,-0.4))),2) + pow(y/0.98,2))) }
        color_map { [0 rgb 0] [0.12 rgb <0.5,0.14,0.02>] [0.3 rgb <1,0.75,0.35>] [0.75 rgb <1.3,1.15,0.8>] } } } }
    scale <0.21, 0.50, 0.21> translate y*(Height+0.36)
  }
  // a faint halo
  sphere { 0, 1 hollow no_shadow pigment { rgbt 1 } finish { diffuse 0 }
    interior { media { emission rgb <1, 0.5, 0.18>*0.22 samples 4 method 3
      density { spherical color_map { [0 rgb 0] [0.5 rgb 0.12] [1 rgb 1] } } } }
    scale 1.15 translate y*(Height+0.4)
  }
  light_source { <0, Height+0.42, 0> rgb <1, 0.62, 0.30>*0.85 area_light x*0.12, y*0.4, 2, 3 adaptive 1 jitter
    fade_distance 2.4 fade_power 2 }
}
#end
object { Candle(2.5, 0.56, RGB(240, 226, 196)) translate <-0.1, 0, 0> }
object { Candle(1.65, 0.5, RGB(238, 222, 190)) translate <-1.65, 0, 0.5> }
object { Candle(1.25, 0.52, RGB(240, 224, 192)) translate <1.45, 0, -0.35> }
